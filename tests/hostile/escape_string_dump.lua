-- expect: error
string.dump(print)
