#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes photo.jpg, the sample photograph: a landscape against the evening sun, rendered in scene-linear light and
then taken by a simulated camera (exposure, lens glare, sensor noise, clipping, tone curve, 8 bits, JPEG).

Needs numpy and Pillow:  python3 make_photo.py [photo.jpg]
"""
import sys

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 900, 600
SAMPLES = 2  # per axis and pixel
SUN = np.array([-0.225, 0.215, 1.0]) / np.linalg.norm([-0.225, 0.215, 1.0])
SUNLIGHT = np.array([1.00, 0.62, 0.30]) * 9.0
SKYLIGHT = np.array([0.46, 0.56, 0.78]) * 0.55
EYE_HEIGHT = 7.0  # metres above the lake
FOCAL = 1.02  # of the image width
HORIZON = 0.53  # of the image height, from the top
WORLD = 8192.0  # metres: side of the height map
CELLS = 2048


def smooth(lo, hi, x):
    t = np.clip((x - lo) / (hi - lo), 0, 1)
    return t * t * (3 - 2 * t)


def tile_noise(rng, cells, period):
    """Periodic gradient noise in [-1, 1] on a square of cells x cells, `period` waves along a side."""
    angle = rng.uniform(0, 2 * np.pi, (period, period))
    gx, gy = np.cos(angle), np.sin(angle)
    x = np.arange(cells) * (period / cells)
    i = x.astype(int)
    f = x - i
    u = f * f * f * (f * (6 * f - 15) + 10)
    j = (i + 1) % period
    fx, fy, ux, uy = f[None, :], f[:, None], u[None, :], u[:, None]

    def corner(rows, columns, dy, dx):
        return gx[np.ix_(rows, columns)] * (fx - dx) + gy[np.ix_(rows, columns)] * (fy - dy)

    top = corner(i, i, 0, 0) * (1 - ux) + corner(i, j, 0, 1) * ux
    bottom = corner(j, i, 1, 0) * (1 - ux) + corner(j, j, 1, 1) * ux
    return (top * (1 - uy) + bottom * uy) * 1.5


def cloudy(rng, cells, period, octaves, gain=0.5):
    total, weight = 0.0, 1.0
    for _ in range(octaves):
        if period > cells // 2:
            break
        total = total + weight * tile_noise(rng, cells, period)
        period, weight = period * 2, weight * gain
    return total


def ridged(rng, cells, period, octaves):
    total, weight, carry = 0.0, 1.0, 1.0
    for _ in range(octaves):
        layer = (1 - np.abs(tile_noise(rng, cells, period))) ** 2
        total = total + weight * layer * carry
        carry = np.clip(layer * 1.6, 0, 1)
        period, weight = period * 2, weight * 0.5
    return total


def look_up(table, x, y, scale):
    """Bilinear value of a periodic table; `scale` metres are its whole side."""
    n = table.shape[0]
    x, y = x * (n / scale), y * (n / scale)
    i, j = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - i, y - j
    i0, j0 = i % n, j % n
    i1, j1 = (i + 1) % n, (j + 1) % n
    upper = table[j0, i0] * (1 - fx) + table[j0, i1] * fx
    lower = table[j1, i0] * (1 - fx) + table[j1, i1] * fx
    return upper * (1 - fy) + lower * fy


class Scene:
    def __init__(self):
        rng = np.random.default_rng(20240611)
        z, x = np.mgrid[0:CELLS, 0:CELLS] * (WORLD / CELLS)
        x = x - WORLD / 2
        rough = cloudy(rng, CELLS, 8, 7)
        peaks = ridged(rng, CELLS, 5, 8)
        # A valley with a lake, rising walls on both sides, a high range behind.
        side = smooth(260, 1500, np.abs(x + 90 + 0.06 * z + 140 * rough))
        back = smooth(1500, 4300, z)
        self.ground = -9 + 8 * rough + (45 + 330 * side + 400 * back) * np.maximum(side, back) * (0.15 + 0.62 * peaks)
        # The near shore, on the right higher.
        shore = smooth(58, 18, z + 10 * rough + 0.16 * x - 4)
        self.ground = self.ground * (1 - shore) + shore * (4.2 + 0.035 * x + 1.2 * rough)
        self.fine = cloudy(rng, 1024, 8, 7, 0.6)
        self.clouds = cloudy(rng, 1024, 4, 8, 0.56)
        self.waves = cloudy(rng, 1024, 16, 6, 0.6)
        self.rng = rng

    def height(self, x, z):
        return look_up(self.ground, x + WORLD / 2, z, WORLD)

    def sky(self, d):
        """Radiance of the sky in the directions d (..., 3)."""
        up = np.clip(d[..., 1], 0.0, 1)[..., None]
        toward = np.clip(d @ SUN, 0, 1)[..., None]
        blue = np.array([0.10, 0.23, 0.52]) * 1.25
        pale = np.array([0.62, 0.60, 0.58]) * 1.0
        warm = np.array([1.00, 0.52, 0.22]) * 1.5
        low = np.exp(-up * 5.5)
        light = blue * (1 - low) + pale * low + warm * np.exp(-up * 8) * (0.18 + 0.95 * toward**6)
        glow = np.array([1.0, 0.74, 0.46])
        light = light + glow * (0.9 * toward**24 + 3.5 * toward**260 + 30 * toward**3500)
        # A layer of broken cloud, thin towards the sun: bright rims, grey hearts.
        reach = 1.0 / np.maximum(d[..., 1] + 0.045, 0.02)
        u, v = d[..., 0] * reach, d[..., 2] * reach
        warp = 0.35 * look_up(self.fine, u + 1.7, v, 9.0)
        shape = look_up(self.clouds, u + 3.1 + 0.2 * v + warp, v * 0.9 + 2.15 + warp, 15.0)
        shape = shape + 0.50 * look_up(self.clouds, u + warp, v, 2.9) + 0.10 * look_up(self.fine, u, v, 1.3)
        cover = (smooth(0.05, 0.62, shape) * smooth(0.015, 0.10, d[..., 1]))[..., None]
        thin = np.exp(-3.2 * cover)
        body = np.array([0.42, 0.44, 0.52]) * (0.75 + 0.5 * up) + warm * (0.25 + 0.9 * toward**10) * 0.55
        rim = glow * (2.2 * toward**18 + 7.0 * toward**120) * thin
        light = light * (1 - cover) + (body + rim) * cover
        disc = smooth(0.99993, 0.99998, toward) * (1 - 0.9 * cover)
        return light + np.array([1.0, 0.86, 0.66]) * 900 * disc

    def haze(self, colour, d, distance):
        toward = np.clip(d @ SUN, 0, 1)[..., None]
        air = np.array([0.50, 0.55, 0.66]) * 0.85 + np.array([1.0, 0.60, 0.30]) * (0.18 + 1.25 * toward**7)
        amount = 1 - np.exp(-distance[..., None] * np.array([0.75e-4, 0.95e-4, 1.3e-4]))
        return colour * (1 - amount) + air * amount

    def march(self, origin_y, d):
        """Distance to the ground along each ray from (0, origin_y, 0); infinite in the sky."""
        t = np.full(d.shape[0], 3.0)
        hit = np.full(d.shape[0], np.inf)
        alive = np.arange(d.shape[0])
        for _ in range(420):
            gap = origin_y + d[alive, 1] * t[alive] - self.height(d[alive, 0] * t[alive], d[alive, 2] * t[alive])
            done = gap < 0.0006 * t[alive]
            hit[alive[done]] = t[alive[done]]
            keep = ~done & (t[alive] < 7600)
            t[alive] += np.maximum(gap * 0.45, 0.0012 * t[alive])
            alive = alive[keep]
            if alive.size == 0:
                break
        return hit

    def shade(self, origin_y, d, t):
        x, y, z = d[:, 0] * t, origin_y + d[:, 1] * t, d[:, 2] * t
        e = np.maximum(0.003 * t, 0.5)
        bump = 0.9 + 0.012 * t
        detail = look_up(self.fine, x, z, 230)
        dx = self.height(x + e, z) - self.height(x - e, z)
        dz = self.height(x, z + e) - self.height(x, z - e)
        fx = look_up(self.fine, x + e, z, 230) - look_up(self.fine, x - e, z, 230)
        fz = look_up(self.fine, x, z + e, 230) - look_up(self.fine, x, z - e, 230)
        n = np.stack([-(dx + bump * fx), 2 * e, -(dz + bump * fz)], -1)
        n /= np.linalg.norm(n, axis=-1, keepdims=True)
        slope = n[:, 1]
        rock = np.array([0.17, 0.155, 0.145]) * (1 + 0.55 * detail[:, None])
        forest = np.array([0.030, 0.045, 0.022]) * (1 + 0.8 * detail[:, None])
        meadow = np.array([0.040, 0.050, 0.016]) * (1 + 0.45 * detail[:, None])
        snow = np.array([0.80, 0.82, 0.86])
        wood = (smooth(330, 150, y + 90 * detail) * smooth(0.50, 0.72, slope))[:, None]
        white = (smooth(330, 470, y + 120 * detail) * smooth(0.48, 0.66, slope))[:, None]
        albedo = rock * (1 - wood) + forest * wood
        albedo = albedo * (1 - white) + snow * white
        near = (smooth(150, 70, z))[:, None]
        albedo = np.clip(albedo * (1 - near) + meadow * near, 0.004, 1)
        lit = np.clip(n @ SUN, 0, 1)
        # Shadow of the ranges, soft: the least clearance on the way to the sun.
        clear = np.ones(t.shape)
        s = 6 + 0.01 * t
        for _ in range(34):
            gap = y + SUN[1] * s - self.height(x + SUN[0] * s, z + SUN[2] * s)
            clear = np.minimum(clear, np.clip(0.5 + 14 * gap / s, 0, 1))
            s = s * 1.19
        sky = 0.35 + 0.65 * slope
        back = np.clip(0.5 - 0.5 * (n @ SUN), 0, 1)  # light that the bright half of the sky does not send
        light = SUNLIGHT * (lit * clear)[:, None] + SKYLIGHT * sky[:, None] * (1.25 - 0.6 * back)[:, None]
        # Blades of grass let the low sun through.
        light = light + near * SUNLIGHT * (0.06 * clear)[:, None]
        return self.haze(albedo * light, d, t)


def directions(w, h):
    column, row = np.meshgrid((np.arange(w) + 0.5) / w - 0.5, (np.arange(h) + 0.5) / h - HORIZON)
    d = np.stack([column, -row * (h / w), np.full_like(column, FOCAL)], -1)
    return d / np.linalg.norm(d, axis=-1, keepdims=True)


def paint_tree(rng, image, depth, scene, x, z, size, base, mirrored):
    """A spruce: a jagged dark cone, drawn where it is nearer than what is there."""
    h, w, _ = image.shape
    sign = -1 if mirrored else 1

    def project(px, py):
        eye = -EYE_HEIGHT if mirrored else EYE_HEIGHT
        return (px / z * FOCAL + 0.5) * w, HORIZON * h - (py - eye) / z * FOCAL * w

    cx, foot = project(x, base)
    _, tip = project(x, base + size)
    tall = foot - tip
    if cx < -tall or cx > w + tall or tall < 1.5:
        return
    y0, y1 = int(max(tip, 0)), int(min(foot + 1, h))
    half = 0.17 * tall
    x0, x1 = int(max(cx - half - 2, 0)), int(min(cx + half + 2, w))
    if y0 >= y1 or x0 >= x1:
        return
    part = np.clip((np.arange(y0, y1) + 0.5 - tip) / tall, 0, 1)  # 0 tip, 1 foot
    steps = rng.uniform(9, 13)
    saw = (part * steps + rng.uniform()) % 1.0
    edge = half * part**0.85 * (0.45 + 0.55 * saw) + 0.012 * tall
    edge = edge * (1 + 0.20 * rng.standard_normal(edge.shape))
    lean = np.interp(part, [0, 1], [rng.normal(0, 0.01) * tall, 0])
    offset = np.arange(x0, x1)[None, :] + 0.5 - cx - lean[:, None]
    cover = np.clip(edge[:, None] - np.abs(offset) + 0.5, 0, 1) * (part < 0.985)[:, None]
    ragged = rng.uniform(0.0, 1.0, cover.shape) < 0.93
    cover = cover * ragged * (depth[y0:y1, x0:x1] > z - 0.04 * z)
    d = np.array([x, base + size / 2 - EYE_HEIGHT * sign, z])
    d = d / np.linalg.norm(d)
    toward = max(float(d @ SUN), 0)
    shade = np.array([0.020, 0.030, 0.018]) * (0.8 + 0.7 * rng.uniform(0, 1, cover.shape))[..., None]
    rim = np.clip((np.abs(offset) - edge[:, None] + 2.0) / 2.0, 0, 1)[..., None]
    shade = shade + rim * np.array([0.30, 0.19, 0.06]) * toward**3
    shade = scene.haze(shade, np.broadcast_to(d, shade.shape), np.full(shade.shape[:2], z))
    image[y0:y1, x0:x1] += cover[..., None] * (shade - image[y0:y1, x0:x1])


def view(scene, w, h, mirrored):
    """The land and sky seen by the eye, or by its mirror image below the lake (upside down as the lake shows it)."""
    d = directions(w, h).reshape(-1, 3)
    eye = -EYE_HEIGHT if mirrored else EYE_HEIGHT
    t = scene.march(eye, d) if not mirrored else march_mirrored(scene, d)
    image = scene.sky(d)
    land = np.isfinite(t)
    image[land] = scene.shade(eye, d[land], t[land])
    image, depth = image.reshape(h, w, 3), t.reshape(h, w)
    rng = np.random.default_rng(7)
    trees = []
    for _ in range(16000):
        z = rng.uniform(170, 2900)
        x = rng.uniform(-0.62, 0.62) * z / FOCAL
        size = rng.uniform(9, 19)
        base = float(scene.height(np.array(x), np.array(z)))
        grove = float(look_up(scene.fine, np.array(x), np.array(z), 900))
        if 0.4 < base < 190 and grove > -0.28 + 0.2 * rng.standard_normal():
            trees.append((z, x, size, base, rng.integers(1 << 30)))
    for z, x, size, base, seed in sorted(trees, reverse=True):
        paint_tree(np.random.default_rng(seed), image, depth, scene, x, z, size, base, mirrored)
    return image, depth


def march_mirrored(scene, d):
    """Rays of the mirrored eye start where they leave the lake."""
    start = np.where(d[:, 1] > 1e-4, EYE_HEIGHT / np.maximum(d[:, 1], 1e-4), np.inf)
    hit = np.full(d.shape[0], np.inf)
    alive = np.flatnonzero(start < 7000)
    t = np.where(np.isfinite(start), start, 0) + 0.5
    for _ in range(420):
        gap = -EYE_HEIGHT + d[alive, 1] * t[alive] - scene.height(d[alive, 0] * t[alive], d[alive, 2] * t[alive])
        done = gap < 0.0006 * t[alive]
        hit[alive[done]] = t[alive[done]]
        keep = ~done & (t[alive] < 7600)
        t[alive] += np.maximum(gap * 0.45, 0.0012 * t[alive])
        alive = alive[keep]
        if alive.size == 0:
            break
    return hit


def add_lake(scene, image, depth):
    h, w, _ = image.shape
    d = directions(w, h)
    lake_t = np.where(d[..., 1] < -1e-5, EYE_HEIGHT / np.maximum(-d[..., 1], 1e-5), np.inf)
    lake = (lake_t < depth) & (lake_t < 7000)
    mirror, _ = view(scene, w, h, True)
    mirror = np.minimum(mirror, 160.0)
    rows, columns = np.nonzero(lake)
    t, ray = lake_t[lake], d[lake]
    x, z = ray[:, 0] * t, ray[:, 2] * t
    total = np.zeros((rows.size, 3))
    rng = np.random.default_rng(11)
    rounds = 10
    for _ in range(rounds):
        jx, jz = x + rng.normal(0, 0.0012, x.shape) * t, z + rng.normal(0, 0.012, x.shape) * t
        a = look_up(scene.waves, jx, jz * 0.55, 75) + 0.5 * look_up(scene.waves, jx + 7, jz * 0.7, 19)
        b = look_up(scene.waves, jz, jx * 0.6, 75) + 0.5 * look_up(scene.waves, jz + 3, jx, 19)
        calm = 0.35 + 0.65 * smooth(-0.3, 0.5, look_up(scene.waves, x + 90, z, 900))
        # The mirror image of row r lies at 2 * horizon - r.
        source = 2 * HORIZON * h - (rows + 0.5) - 0.5 - np.abs(b * calm) * 0.042 * w + rng.uniform(-1, 1, x.shape)
        aside = columns + a * calm * 0.007 * w
        i = np.clip(np.round(source), 0, h - 1).astype(int)
        j = np.clip(np.round(aside), 0, w - 1).astype(int)
        total += mirror[i, j]
    cosine = np.clip(-ray[:, 1], 0, 1)
    reflectance = (0.03 + 0.97 * (1 - cosine) ** 5)[:, None] * 0.9
    water = np.array([0.018, 0.040, 0.045])
    image[lake] = scene.haze(total / rounds * reflectance + water * (1 - reflectance), ray, t * 0.6)
    depth[lake] = lake_t[lake]


def add_hut(scene, image, depth):
    """A log cabin with a lit window and a lamp at the door, left open towards the lake."""
    h, w, _ = image.shape
    d = directions(w, h)
    x0, z0, wide, deep, wall, ridge = 6.4, 27.0, 5.4, 4.6, 2.5, 4.6
    floor = float(scene.height(np.array(x0 + wide / 2), np.array(z0))) - 0.15
    origin = np.array([0, EYE_HEIGHT, 0])
    middle = x0 + wide / 2
    pitch = np.array([ridge - wall, wide / 2])
    pitch = pitch / np.linalg.norm(pitch)
    eaves = 0.45

    def convex(planes):
        """Nearest entry of the rays into the body n.p <= c, and the index of the plane entered through."""
        enter, leave = np.full((h, w), 0.0), np.full((h, w), np.inf)
        face = np.full((h, w), -1)
        for index, (n, c) in enumerate(planes):
            n = np.asarray(n, float)
            speed, gap = d @ n, c - origin @ n
            t = gap / np.where(np.abs(speed) < 1e-9, 1e-9, speed)
            closer = (speed < 0) & (t > enter)
            enter, face = np.where(closer, t, enter), np.where(closer, index, face)
            leave = np.where(speed > 0, np.minimum(leave, t), leave)
        return np.where((enter < leave) & (face >= 0), enter, np.inf), face

    left, right = (-pitch[0], pitch[1], 0), (pitch[0], pitch[1], 0)
    top = floor + ridge
    body, body_face = convex([((0, 0, -1), -z0), ((-1, 0, 0), -x0), ((1, 0, 0), x0 + wide), ((0, 0, 1), z0 + deep),
                              (left, np.dot(left, (middle, top, 0))), (right, np.dot(right, (middle, top, 0))),
                              ((0, -1, 0), -floor)])
    slab = 0.16
    roofs = []
    for sign, n in ((-1, left), (1, right)):
        c = np.dot(n, (middle, top, 0))
        along = np.array([sign * pitch[1], -pitch[0], 0])
        reach = np.hypot(wide / 2, ridge - wall) + eaves
        start = np.dot(along, (middle, top, 0))
        roofs.append(convex([(n, c + slab), ([-q for q in n], -c), (along, start + reach), (-along, -start),
                             ((0, 0, -1), -(z0 - eaves)), ((0, 0, 1), z0 + deep + eaves)]))

    def put(t, mask, colour):
        mask = mask & (t < depth)
        image[mask] = scene.haze(colour, d, np.where(np.isfinite(t), t, 1.0))[mask]
        depth[mask] = t[mask]

    safe = np.where(np.isfinite(body), body, 1.0)
    p = origin + d * safe[..., None]
    px, py, pz = p[..., 0] - x0, p[..., 1] - floor, p[..., 2] - z0
    board = py / 0.23
    gap = np.abs((board % 1.0) - 0.5) * 2
    grain = look_up(scene.fine, px * 3 + pz * 3, py * 40 + np.floor(board) * 13, 30)
    albedo = np.array([0.20, 0.125, 0.075]) * (1.05 - 0.75 * gap**6 + 0.35 * grain)[..., None]
    light = np.where((body_face == 1)[..., None], SKYLIGHT * 0.85 + SUNLIGHT * 0.05, SKYLIGHT * 0.62)
    # Window and door are in the front wall; the lamp hangs beside the door.
    lamp = np.array([x0 + 2.05, floor + 1.95, z0 - 0.18])
    reach = np.linalg.norm(p - lamp, axis=-1)
    glow = np.array([1.0, 0.62, 0.26]) * (0.75 / (reach**2 + 0.05))[..., None]
    colour = albedo * (light + glow)
    front = body_face == 0
    wx, wy = px - 3.15, py - 0.95
    inside = front & (wx > 0) & (wx < 1.35) & (wy > 0) & (wy < 1.05)
    bars = (np.abs((wx / 0.675) % 1.0 - 0.5) > 0.455) | (np.abs((wy / 0.525) % 1.0 - 0.5) > 0.445)
    frame = front & (wx > -0.12) & (wx < 1.47) & (wy > -0.12) & (wy < 1.17)
    room = np.array([1.0, 0.66, 0.30]) * (2.6 + 4.5 * np.exp(-((wx - 0.5) ** 2 + (wy - 0.75) ** 2) / 0.16))[..., None]
    curtain = (0.45 + 0.55 * smooth(0.05, 0.35, np.minimum(wx, 1.35 - wx)))[..., None]
    colour = np.where(frame[..., None], np.array([0.42, 0.40, 0.36]) * (light + 0.5 * glow), colour)
    colour = np.where((inside & ~bars)[..., None], room * curtain, colour)
    door = front & (px > 0.75) & (px < 1.7) & (py > 0.1) & (py < 2.05)
    plank = np.abs(((px - 0.75) / 0.19) % 1.0 - 0.5) > 0.46
    paint = np.array([0.10, 0.055, 0.035]) * np.where(plank, 0.4, 1.0)[..., None]
    colour = np.where(door[..., None], paint * (light + glow), colour)
    put(body, np.isfinite(body), colour)
    for side, (t, face) in enumerate(roofs):
        safe = np.where(np.isfinite(t), t, 1.0)
        p = origin + d * safe[..., None]
        row = (p[..., 1] / 0.17) % 1.0
        tile = look_up(scene.fine, p[..., 2] * 9, np.floor(p[..., 1] / 0.17) * 17, 40)
        albedo = np.array([0.105, 0.085, 0.080]) * (0.75 + 0.4 * row + 0.35 * tile)[..., None]
        sun = SUNLIGHT * max(float(np.dot((left, right)[side], SUN)), 0) * 0.8
        top_face = (face == 0)[..., None]
        put(t, np.isfinite(t), np.where(top_face, albedo * (SKYLIGHT * 1.05 + sun), albedo * SKYLIGHT * 0.45))
    # The lamp itself: a small sphere of light.
    to = lamp - origin
    along = d @ to
    away = np.sqrt(np.maximum(to @ to - along**2, 0))
    put(along, away < 0.11, np.broadcast_to(np.array([1.0, 0.80, 0.52]) * 60, image.shape))


def add_spruces(scene, image, depth):
    """Four spruces at the near shore, branch by branch and needle by needle."""
    h, w, _ = image.shape
    rng = np.random.default_rng(19)
    for x, z, tall in ((-22.4, 52, 16.5), (-13.6, 47, 10.5), (-18.4, 43, 15.0), (-15.0, 40, 7.0)):
        base = float(scene.height(np.array(x), np.array(float(z)))) - 0.1
        whorls = int(2.3 * tall)
        level = np.repeat((np.arange(whorls) + 0.4) / whorls, 11) + rng.normal(0, 0.10 / whorls, 11 * whorls)
        level = np.clip(level, 0.004, 0.95)[:, None, None]  # 1 at the foot
        branches = level.size
        turn = rng.uniform(0, 2 * np.pi, (branches, 1, 1))
        reach = (0.24 * tall * level**0.95 + 0.05) * rng.uniform(0.6, 1.1, (branches, 1, 1))
        along = np.linspace(0.02, 1, 26)[None, :, None]
        needle = rng.normal(0, 1, (branches, 26, 14))
        small = 0.12 + 0.88 * smooth(0, 0.35, level)
        side, down = small * rng.normal(0, 0.09, needle.shape), small * np.abs(rng.normal(0, 0.14, needle.shape))
        px = x + reach * along * np.cos(turn) + side * (1.25 - 0.8 * along)
        py = base + tall * (1 - level) - 0.42 * reach * along**1.2 + 0.24 * reach * along**3 - down * (1.2 - along)
        pz = z + reach * along * np.sin(turn) + 0 * needle
        d = np.stack([px, py - EYE_HEIGHT, pz], -1)
        toward = np.clip(d @ SUN / np.linalg.norm(d, axis=-1), 0, 1)
        outside = np.clip(along * np.abs(np.cos(turn)) * 1.3 - 0.3, 0, 1)
        tone = np.array([0.030, 0.044, 0.026]) * rng.uniform(0.35, 1.2, needle.shape)[..., None]
        tone = tone * (SKYLIGHT + SUNLIGHT * (0.02 + 0.45 * outside**2 * toward**4)[..., None])
        trunk = np.linspace(0, 1, 4000)
        trunk_x = x + rng.uniform(-0.16, 0.16, trunk.shape) * (1.05 - trunk)
        trunk_d = np.stack([trunk_x, base + 0.97 * tall * trunk - EYE_HEIGHT, np.full(trunk.shape, float(z))], -1)
        d = np.concatenate([trunk_d, d.reshape(-1, 3)])
        tone = np.concatenate([np.broadcast_to([0.012, 0.010, 0.008], trunk_d.shape), tone.reshape(-1, 3)])
        order = np.argsort(-d[:, 2], kind="stable")
        d, tone = d[order], tone[order]
        jj = np.floor((d[:, 0] / d[:, 2] * FOCAL + 0.5) * w).astype(int)
        ii = np.floor(HORIZON * h - d[:, 1] / d[:, 2] * FOCAL * w).astype(int)
        ok = (jj >= 0) & (jj < w) & (ii >= 0) & (ii < h)
        ok[ok] &= depth[ii[ok], jj[ok]] > d[ok, 2] - 3
        image[ii[ok], jj[ok]] = tone[ok]


def add_grass(scene, image, depth):
    """Blades in front, drawn from far to near, lit from behind."""
    h, w, _ = image.shape
    rng = np.random.default_rng(3)
    count = 90000
    z = 8.0 + 50 * rng.uniform(0, 1, count) ** 1.7
    x = rng.uniform(-0.56, 0.56, count) * z / FOCAL
    clump = look_up(scene.fine, x, z, 21) + 0.5 * look_up(scene.fine, x, z, 90)
    base = scene.height(x, z)
    hut = (x > 5.6) & (x < 12.6) & (z > 26.2) & (z < 33)
    keep = (base > 0.35) & (clump > -0.45 + 0.35 * rng.standard_normal(count)) & ~hut
    x, z, clump, base = x[keep], z[keep], clump[keep], base[keep]
    s = np.linspace(0, 1, 40)
    for i in np.argsort(-z):
        tall = rng.uniform(0.10, 0.34) * (0.8 + 0.6 * max(clump[i], 0))
        dry = rng.uniform() < 0.10 + 0.15 * max(-clump[i], 0)
        if dry:
            tall *= 1.5
        bend = rng.normal(0.16, 0.30) * tall
        py = base[i] + tall * (s - 0.35 * s**2 * min(abs(bend) / tall, 1))
        px = x[i] + bend * s**2
        column = (px / z[i] * FOCAL + 0.5) * w
        row = HORIZON * h - (py - EYE_HEIGHT) / z[i] * FOCAL * w
        thick = (0.0022 if dry else 0.0042) / z[i] * FOCAL * w
        ray = np.array([x[i], base[i] - EYE_HEIGHT, z[i]])
        toward = max(float(ray @ SUN) / np.linalg.norm(ray), 0)
        hue = np.array([0.20, 0.155, 0.075]) if dry else np.array([0.075 + 0.05 * rng.uniform(), 0.125, 0.030])
        colour = hue * (SKYLIGHT * 0.9 + SUNLIGHT * (0.03 + 0.22 * toward**4)) * rng.uniform(0.45, 1.4)
        shade = (0.15 + 0.85 * s**1.3)[:, None] * colour
        for shift in np.arange(-thick, thick + 0.01, 0.7):
            narrow = np.abs(shift) <= thick * (1 - s**2) + 0.3
            jj, ii = np.floor(column + shift).astype(int), np.floor(row).astype(int)
            ok = narrow & (jj >= 0) & (jj < w) & (ii >= 0) & (ii < h)
            image[ii[ok], jj[ok]] = shade[ok]


def shrink(image, factor):
    h, w, c = image.shape
    return image.reshape(h // factor, factor, w // factor, factor, c).mean((1, 3))


def camera(scene_light, exposure):
    """Lens, sensor and developing: 8-bit values."""
    rng = np.random.default_rng(5)
    h, w, _ = scene_light.shape
    y, x = np.mgrid[0:h, 0:w]
    r2 = ((x - w / 2) ** 2 + (y - h / 2) ** 2) / (w / 2) ** 2
    light = scene_light * (1 / (1 + 0.16 * r2) ** 2)[..., None]
    # Glare: a little of the light is spread widely.
    fy, fx = np.minimum(y, h - y), np.minimum(x, w - x)
    radius = np.hypot(fx, fy)
    kernel = 0.96 * np.exp(-(radius / 0.55) ** 2) / np.exp(-(radius / 0.55) ** 2).sum()
    wide = 1 / (1 + (radius / 5.0) ** 2) ** 1.35
    kernel += 0.04 * wide / wide.sum()
    spectrum = np.fft.rfft2(kernel)[..., None]
    light = np.fft.irfft2(np.fft.rfft2(light, axes=(0, 1)) * spectrum, s=(h, w), axes=(0, 1))
    electrons = np.clip(light * exposure, 0, None) * 9000
    signal = rng.poisson(np.minimum(electrons, 20000)) + rng.normal(0, 9, electrons.shape)
    raw = np.clip(signal / 9000, 0, 1)
    encoded = np.where(raw < 0.0031308, 12.92 * raw, 1.055 * raw ** (1 / 2.4) - 0.055)
    encoded = encoded + 0.055 * np.sin(2 * np.pi * (encoded - 0.5)) * np.where(encoded < 0.5, 0.9, 0.8)
    grey = encoded.mean(-1, keepdims=True)
    encoded = grey + 1.12 * (encoded - grey)
    encoded = np.where(raw >= 1, 1.0, encoded)
    return np.round(np.clip(encoded, 0, 1) * 255).astype(np.uint8)


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else "photo.jpg"
    scene = Scene()
    w, h = WIDTH * SAMPLES, HEIGHT * SAMPLES
    image, depth = view(scene, w, h, False)
    add_lake(scene, image, depth)
    add_hut(scene, image, depth)
    add_spruces(scene, image, depth)
    add_grass(scene, image, depth)
    photo = camera(shrink(image, SAMPLES), 0.56)
    some, all_ = (photo.max(-1) == 255).mean(), (photo.min(-1) == 255).mean()
    print(f"pixels with a channel at 255: {100 * some:.1f} %, with all three: {100 * all_:.1f} %")
    Image.fromarray(photo).save(out, quality=92, optimize=True)


if __name__ == "__main__":
    main()
