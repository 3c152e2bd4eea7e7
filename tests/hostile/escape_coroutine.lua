-- expect: error
coroutine.wrap(function() end)()
