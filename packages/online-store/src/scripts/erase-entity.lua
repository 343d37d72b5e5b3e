--[[
Erases an entity: deletes its rows and leaves a tombstone, which never expires.

KEYS[1]           hash of the entity
KEYS[2]           tombstones of its slot
ARGV[1]           hash of the entity's key

Returns how many rows it deleted, and 1 when the tombstone is new.
]]
local now = redis.call('TIME') -- s, µs
local added = redis.call('HSET', KEYS[2], ARGV[1], now[1] .. string.format('%03d', math.floor(now[2] / 1000)))
local rows = redis.call('HLEN', KEYS[1])
redis.call('DEL', KEYS[1])
return { rows, added }
