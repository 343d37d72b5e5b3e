--[[
Erases an entity: deletes its rows and leaves a tombstone.

KEYS[1]           hash of the entity

The new hash has no expiry, and write-rows.lua, the only script that sets one, does not touch a hash with a tombstone:
so the tombstone outlives every TTL.
]]
local now = redis.call('TIME') -- s, µs
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], '!erased', now[1] .. string.format('%03d', math.floor(now[2] / 1000)))
return redis.status_reply('OK')
