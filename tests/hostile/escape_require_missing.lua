-- expect: error
require("nothing_here")
