-- expect: budget|error
return ("a"):rep(3000):find(("a*"):rep(20) .. "b")
