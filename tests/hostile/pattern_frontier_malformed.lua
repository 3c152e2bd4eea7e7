-- expect: error
return ("a"):find("%f")
