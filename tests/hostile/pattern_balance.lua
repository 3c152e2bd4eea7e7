-- expect: budget|ok|error
return ("("):rep(200000):find("%b()")
