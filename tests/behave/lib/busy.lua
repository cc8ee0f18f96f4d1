-- Wakes all the time, as if it had forgotten what to wait for; see behave_dump.c.
local function wake()
	while true do sleep(0) end
end

nursery(function(n) n:start(function()
	local _ = wake()
end) end)
