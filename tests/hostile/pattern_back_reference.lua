-- expect: budget|error|ok
return ("a"):rep(10000):find("(a*)%1%1b")
