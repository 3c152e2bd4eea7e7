-- expect: error
return ("a"):find("%")
