--[[
The last step of restoring tombstones: this Redis has at least so many.

KEYS[1]           hash that counts the project's tombstones
ARGV[1]           what the lease must be: the step before
ARGV[2]           how many tombstones were published

Returns 1; 0 when the lease is another one.
]]
local call = redis.call
if call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return 0 end
call('HDEL', KEYS[1], 'lease', 'lease_until_ms', 'unswept')
-- Tombstones that were added, and not counted before a process died, would be restored again and again.
if tonumber(call('HGET', KEYS[1], 'count') or 0) < tonumber(ARGV[2]) then
  call('HSET', KEYS[1], 'count', ARGV[2])
end
return 1
