-- expect: error
_ENV.print = nil
