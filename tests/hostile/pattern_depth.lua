-- expect: error|budget|ok
return ("a"):rep(100000):match(("a?"):rep(5000) .. ("a"):rep(5000))
