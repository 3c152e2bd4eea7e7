-- expect: error
return no_such_name
