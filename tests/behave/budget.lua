-- A loop without a wait is paused, then killed with its line; the other tasks of the script wait for it.

local ok, err = pcall(nursery, function(n)
	n:start(function()
		local c <close> = setmetatable({}, { __close = function() print("closed") end })
		while true do
			pcall(function()
				while true do end
			end)
		end
	end)
	n:start(function()
		for i = 1, 3 do print("tick", i) sleep(0.1) end
	end)
end)
print("not reached", ok, err)
