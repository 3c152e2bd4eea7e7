-- expect: budget|memory|error
return (("a"):rep(100000):gsub("a", ("b"):rep(100000)))
