// The kernel's loop translated to C++, for comparison of speed only: same rule, same draws, same bits.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

constexpr int64_t NEVER = int64_t(1) << 40;
constexpr uint32_t STREAM_OUTAGE = 3, STREAM_KILL = 16;

struct Words { uint32_t at[4]; };

inline Words philox(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t x, uint32_t y) {
    for (int i = 0; i < 10; ++i) {
        const uint64_t p0 = uint64_t(0xD2511F53u) * a, p1 = uint64_t(0xCD9E8D57u) * c;
        a = uint32_t(p1 >> 32) ^ b ^ x;
        b = uint32_t(p1);
        c = uint32_t(p0 >> 32) ^ d ^ y;
        d = uint32_t(p0);
        x += 0x9E3779B9u;
        y += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

struct Threat { int32_t night, cls, id, place, lane, tick; };
struct Pair { int32_t unit, open, close, flight, preference; };
struct Unit { int64_t channels, ready, reload, salvo, outage, outage_id, kind; };
struct Held { int64_t ready, stock; };

struct Heap {
    std::vector<int64_t> key;
    std::vector<int32_t> at;
    int size = 0;
    explicit Heap(int most) : key(most), at(most) {}
    void push(int64_t k, int32_t who) {
        int i = size++;
        while (i > 0) {
            const int parent = (i - 1) >> 1;
            if (key[parent] <= k) break;
            key[i] = key[parent];
            at[i] = at[parent];
            i = parent;
        }
        key[i] = k;
        at[i] = who;
    }
    void sink(int64_t k, int32_t who) {
        int i = 0;
        for (;;) {
            int child = 2 * i + 1;
            if (child >= size) break;
            if (child + 1 < size && key[child + 1] < key[child]) ++child;
            if (key[child] >= k) break;
            key[i] = key[child];
            at[i] = at[child];
            i = child;
        }
        key[i] = k;
        at[i] = who;
    }
    void pop() {
        if (--size > 0) sink(key[size], at[size]);
    }
};

struct Battery {
    int64_t can_launch = -1;
    int head = 0, pending = 0;
};

struct Raid {
    const Threat* threats; int count;
    const int64_t* priority;
    const int64_t* pointer; const Pair* pairs;
    const Unit* units; int active;
    const uint64_t* kill; int kinds;
    uint32_t k0, k1;
};

struct Night {
    std::vector<Battery> battery;
    std::vector<int64_t> free, reloads, looked, shots;
    Heap heap;
    int channels, capacity;

    explicit Night(const Raid& raid) : battery(raid.active), looked(raid.count), shots(raid.count), heap(raid.count) {
        channels = capacity = 1;
        for (int u = 0; u < raid.active; ++u) {
            channels = std::max<int>(channels, raid.units[u].channels);
            capacity = std::max<int>(capacity, raid.units[u].ready);
        }
        free.resize(size_t(channels) * raid.active);
        reloads.resize(size_t(capacity) * raid.active);
    }

    // First question to a unit this night: is it there at all?
    void wake(const Raid& raid, uint32_t run, int unit, const Held& held) {
        const Unit& u = raid.units[unit];
        Battery& b = battery[unit];
        b = {0, 0, 0};
        std::fill_n(&free[size_t(unit) * channels], u.channels, 0);
        if (u.channels == 0 || held.ready == 0) {
            b.can_launch = NEVER;
        } else if (u.outage > 0) {
            const Words w = philox(run, 0, STREAM_OUTAGE, uint32_t(u.outage_id >> 2), raid.k0, raid.k1);
            if (w.at[u.outage_id & 3] < uint64_t(u.outage)) b.can_launch = NEVER;
        }
    }

    int64_t fight(const Raid& raid, uint32_t run, Held* state, uint8_t* killed, int64_t* tally) {
        for (Battery& b : battery) b.can_launch = -1;
        heap.size = 0;
        for (int i = 0; i < raid.count; ++i) {
            const Threat& t = raid.threats[i];
            killed[i] = 0;
            looked[i] = shots[i] = 0;
            int64_t opening = NEVER;
            for (int64_t j = raid.pointer[t.lane]; j < raid.pointer[t.lane + 1]; ++j)
                if (raid.pairs[j].unit < raid.active) opening = std::min<int64_t>(opening, raid.pairs[j].open);
            if (opening < NEVER) heap.push(((opening + t.tick) << 24) | (raid.priority[t.cls] << 20) | t.id, i);
        }
        int64_t fired = 0, events = 0, engagements = 0;
        while (heap.size > 0) {
            ++events;
            const int i = heap.at[0];
            const int64_t bound = heap.key[0] >> 24, rank = heap.key[0] & 0xFFFFFF;
            const Threat& t = raid.threats[i];
            int64_t best = NEVER;
            const Pair* chosen = nullptr;
            for (int64_t j = raid.pointer[t.lane]; j < raid.pointer[t.lane + 1]; ++j) {
                const Pair& p = raid.pairs[j];
                if (p.unit >= raid.active) break;
                if (battery[p.unit].can_launch < 0) wake(raid, run, p.unit, state[p.unit]);
                const int64_t launch = std::max({int64_t(t.tick) + p.open, looked[i], battery[p.unit].can_launch});
                if (launch > int64_t(t.tick) + p.close) continue;
                if (launch < best || (launch == best && (p.preference < chosen->preference ||
                                     (p.preference == chosen->preference && p.open < chosen->open)))) {
                    best = launch;
                    chosen = &p;
                }
            }
            if (best == NEVER) { heap.pop(); continue; }
            if (best > bound) { heap.sink((best << 24) | rank, i); continue; }
            ++engagements;
            const Unit& u = raid.units[chosen->unit];
            Battery& b = battery[chosen->unit];
            Held& held = state[chosen->unit];
            const int64_t done = best + chosen->flight;
            int64_t* ring = &reloads[size_t(chosen->unit) * capacity];
            while (b.pending > 0 && ring[b.head] <= best) {
                b.head = (b.head + 1) % capacity;
                --b.pending;
                ++held.ready;
            }
            const int64_t salvo = std::min(u.salvo, held.ready);
            const uint64_t chance = raid.kill[t.cls * raid.kinds + u.kind];
            bool hit = false;
            for (int shot = 0; shot < salvo; ++shot) {
                const Words w = philox(run, t.id, uint32_t(STREAM_KILL + 2 * shots[i] + (shot >> 2)), 0, raid.k0, raid.k1);
                hit |= w.at[shot & 3] < chance;
                --held.ready;
                if (held.stock > 0) {
                    --held.stock;
                    ring[(b.head + b.pending++) % capacity] = best + u.reload;
                }
            }
            fired += salvo;
            int64_t* channel = &free[size_t(chosen->unit) * channels];
            int64_t soonest = NEVER;
            bool taken = false;
            for (int c = 0; c < u.channels; ++c) {
                if (!taken && channel[c] <= best) { channel[c] = done; taken = true; }
                soonest = std::min(soonest, channel[c]);
            }
            if (held.ready == 0) soonest = b.pending > 0 ? std::max(soonest, ring[b.head]) : NEVER;
            b.can_launch = std::max(soonest, best);  // nothing is committed before what has been committed
            ++shots[i];
            looked[i] = done;
            if (hit) { killed[i] = 1; heap.pop(); } else heap.sink((done << 24) | rank, i);
        }
        tally[0] += events;
        tally[1] += engagements;
        return fired;
    }
};

}  // namespace

// Fight the raid of night 0 in so many runs, each with full launchers and stores.
extern "C" void fight_runs(
    int64_t first, int64_t runs, const int64_t* key, const Threat* threats, int64_t count, const int64_t* priority,
    const int64_t* pointer, const Pair* pairs, const Unit* units, const int64_t* stock, int64_t active,
    const uint64_t* kill, int64_t kinds, uint8_t* killed, int64_t* fired, int64_t* tally) {
    const Raid raid{threats, int(count), priority, pointer, pairs, units, int(active),
                    kill, int(kinds), uint32_t(key[0]), uint32_t(key[1])};
    Night night(raid);
    std::vector<Held> state(active);
    for (int64_t run = 0; run < runs; ++run) {
        for (int u = 0; u < active; ++u) state[u] = {units[u].ready, stock[u]};
        fired[run] = night.fight(raid, uint32_t(first + run), state.data(), killed + run * count, tally);
    }
}
