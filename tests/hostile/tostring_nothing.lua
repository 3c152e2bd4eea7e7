-- expect: error
return tostring()
