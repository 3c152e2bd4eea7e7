-- expect: error|budget
return ("a"):rep(300):find(("(a"):rep(40))
