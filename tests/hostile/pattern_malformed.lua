-- expect: error
return ("a"):find("[a")
