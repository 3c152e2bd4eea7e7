-- expect: budget|error
return ("a"):rep(2000):gsub(("a*"):rep(10) .. "b", "")
