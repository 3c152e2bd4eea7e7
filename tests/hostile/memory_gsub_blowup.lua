-- expect: error
return (("a"):rep(60000):gsub("a", ("b"):rep(60000)))
