-- The heap limit is an error like another, and the script goes on.

local ok, err = pcall(function()
	local t = {}
	for i = 1, 1e9 do t[i] = { i } end
end)
print(ok, err.message, err.kind)
print(pcall(function() return #("x"):rep(3e6):rep(3) end))
nursery(function(n)
	n:start(function()
		local all = {}
		print(pcall(function() while true do all[#all + 1] = ("x"):rep(1000 + #all) sleep(0) end end))
	end)
end)
print("still here", now())
