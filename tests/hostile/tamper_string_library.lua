-- expect: error
string.rep = nil
