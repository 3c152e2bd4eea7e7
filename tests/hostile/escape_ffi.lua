-- expect: error
require("ffi")
