--[[
A step of restoring tombstones, after what it stands for was written: takes or keeps the lease and counts.

KEYS[1]           hash that counts the project's tombstones
ARGV[1]           what the lease must be: the step before; '' takes a lease that nobody holds
ARGV[2]           what it becomes
ARGV[3]           for how long, in ms
ARGV[4]           how many tombstones were added; '' before the first

Returns 1; 0 when the lease is another one: another process took over, or Redis lost what was written since.
]]
local call = redis.call
local now = call('TIME') -- s, µs
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local held = call('HMGET', KEYS[1], 'lease', 'lease_until_ms')
local lease = held[1] or ''
if ARGV[1] == '' and tonumber(held[2] or 0) <= now_ms then lease = '' end
if lease ~= ARGV[1] then return 0 end
call('HSET', KEYS[1], 'lease', ARGV[2], 'lease_until_ms', string.format('%.0f', now_ms + ARGV[3]))
if ARGV[4] ~= '' then
  call('HSET', KEYS[1], 'unswept', 1)
  call('HINCRBY', KEYS[1], 'count', ARGV[4])
end
return 1
