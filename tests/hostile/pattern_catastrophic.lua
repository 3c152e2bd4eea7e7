-- expect: budget|error
return ("a"):rep(3000):find((".-"):rep(12) .. "b")
