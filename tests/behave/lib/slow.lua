-- Computes from pause to pause; see behave_dump.c.
local function compute()
	for _ = 1, 300000 do local _ = 1 end
	return true
end

nursery(function(n) n:start(function()
	while true do
		local _ = compute()
		sleep(0)
	end
end) end)
