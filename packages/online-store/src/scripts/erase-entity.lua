--[[
Erases an entity: its rows go, and a tombstone stands in their place.

KEYS[1]           hash of the entity

A hash made anew has no expiry, and write-rows.lua, which gives hashes theirs, touches none with a tombstone: so the
tombstone outlives every TTL.
]]
local now = redis.call('TIME') -- s, µs
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], '!erased', now[1] .. string.format('%03d', math.floor(now[2] / 1000)))
return redis.status_reply('OK')
