-- expect: error|budget|ok
return ("a"):rep(60000):match(("a?"):rep(5000) .. ("a"):rep(5000))
