-- expect: error
require(1)
