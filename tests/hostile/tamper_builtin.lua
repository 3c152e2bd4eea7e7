-- expect: error
print = function() end
