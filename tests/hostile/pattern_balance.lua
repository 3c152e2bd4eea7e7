-- expect: budget|ok|error
return ("("):rep(60000):find("%b()")
