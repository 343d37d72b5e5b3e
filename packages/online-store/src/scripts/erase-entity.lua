--[[
Erases an entity: deletes its rows and leaves a tombstone, which never expires.

KEYS[1]           hash of the entity
KEYS[2]           tombstones of its slot
KEYS[3]           hash that counts the project's tombstones
ARGV[1]           hash of the entity's key

Returns how many rows it deleted.

The count tells a Redis that lost tombstones from one that has them all, so it changes in the same step.
]]
local now = redis.call('TIME') -- s, µs
local added = redis.call('HSET', KEYS[2], ARGV[1], now[1] .. string.format('%03d', math.floor(now[2] / 1000)))
redis.call('HINCRBY', KEYS[3], 'count', added)
local rows = redis.call('HLEN', KEYS[1])
redis.call('DEL', KEYS[1])
return rows
