--[[
One step of restoring tombstones: adds a page of them.

KEYS[1]           lease
KEYS[2]           hash that counts the project's tombstones
KEYS[2 + i]       tombstones of the slot of tombstone i
ARGV[1]           what the lease must be: the step before
ARGV[2]           what it becomes
ARGV[3]           for how long, in ms
ARGV[2i + 2]      hash of the entity's key
ARGV[2i + 3]      when it was erased, in ms

Returns 1; 0 when the lease is another one: another process took over, or Redis lost what was written since.
]]
local call = redis.call
if call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
call('HSET', KEYS[2], 'unswept', 1)
local added = 0
for i = 1, #KEYS - 2 do
  added = added + call('HSETNX', KEYS[2 + i], ARGV[2 * i + 2], ARGV[2 * i + 3])
end
call('HINCRBY', KEYS[2], 'count', added)
return 1
