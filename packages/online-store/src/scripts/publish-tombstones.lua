--[[
Adds tombstones of a slot, which keep the time of those that are already there.

KEYS[1]           tombstones of the slot
ARGV[2i - 1]      hash of the key of entity i
ARGV[2i]          when it was erased, in ms

Returns how many were missing.
]]
local added = 0
for i = 1, #ARGV, 2 do
  added = added + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
end
return added
