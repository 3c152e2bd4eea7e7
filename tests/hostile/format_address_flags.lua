-- expect: error
return string.format("%-20p", {})
