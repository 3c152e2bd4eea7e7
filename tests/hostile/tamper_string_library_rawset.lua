-- expect: error
rawset(string, "rep", 1)
