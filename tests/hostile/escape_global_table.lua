-- expect: error
_G.print = nil
