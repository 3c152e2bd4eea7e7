-- expect: ok
return ("a\0b"):find("%z"), ("a\0b"):find("\0", 1, true)
