--[[
Counts a tombstone less, before it is deleted.

KEYS[1]           hash that counts the project's tombstones
ARGV[1]           1, or 0 to ask only whether that is possible

Returns 1; 0 while a process restores tombstones.
]]
local call = redis.call
local now = call('TIME') -- s, µs
local until_ms = tonumber(call('HGET', KEYS[1], 'lease_until_ms') or 0)
if until_ms > now[1] * 1000 + math.floor(now[2] / 1000) then return 0 end
if ARGV[1] == '1' and tonumber(call('HGET', KEYS[1], 'count') or 0) > 0 then call('HINCRBY', KEYS[1], 'count', -1) end
return 1
