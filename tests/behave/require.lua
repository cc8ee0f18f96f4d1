-- Modules are files in lib/ beside the behaviours, and nothing else.

local greeting = require "greeting"
print(greeting.hello "robot")
print(require "greeting" == greeting)
print(require "plain")
print(select(2, pcall(require, "broken")))
print(select(2, pcall(require, "circle")))
print(select(2, pcall(require, "failing")).message)
print(select(2, pcall(require, "failing")).message)
for _, name in ipairs { "missing", "../require", "a/b", "a.b", "", "/etc/passwd", ("x"):rep(1000) } do
	local ok, err = pcall(require, name)
	print(ok, (tostring(err):gsub("looked in .*/tests", "looked in .../tests")))
end
