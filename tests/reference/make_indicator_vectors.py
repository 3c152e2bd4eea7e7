#!/usr/bin/env python3
"""Writes indicator_bars.csv and indicator_vectors.csv: what other implementations make of 300 bars.

Needs: pip install TA-Lib pandas numpy (made with TA-Lib 0.8.2, pandas 3.1, numpy 2.4). The tests read the files only.

The bars: 4 days of 75 five-minute bars, a walk by the linear congruential generator of Knuth's MMIX from seed 2024,
draws in [-1, 1]; prices are multiples of 0.05. Seven bars in 97 are flat.

A column is "indicator:parameters/output". An empty field is a value that is not there. Digits are enough for 1e-13.
"""
import csv
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import talib

FOLDER = Path(__file__).parent
DATES = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
seed = 2024


def draw():
    global seed
    seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
    return ((seed >> 33) % 2001) / 1000 - 1


def ticks(price):
    return round(price * 20) / 20


def make_bars():
    rows, price = [], 21000.0
    for i in range(300):
        flat = i % 97 > 89
        opened = price if flat else ticks(price + 2 * draw() + (60 * draw() if i % 75 == 0 else 0))
        closed = opened if flat else ticks(opened + 12 * draw() + (3 if (i // 50) % 2 == 0 else -3))
        high = opened if flat else ticks(max(opened, closed) + 5 * abs(draw()))
        low = opened if flat else ticks(min(opened, closed) - 5 * abs(draw()))
        minute = 9 * 60 + 15 + 5 * (i % 75)
        stamp = f"{DATES[i // 75]}T{minute // 60:02d}:{minute % 60:02d}:00"
        rows.append((stamp, opened, high, low, closed, math.floor(1000 + 900 * draw())))
        price = closed
    return pd.DataFrame(rows, columns=["ts_ist", "open", "high", "low", "close", "volume"])


bars = make_bars()
o, h, l, c = (bars[name].to_numpy() for name in ("open", "high", "low", "close"))
v = bars["volume"].to_numpy().astype(float)
day = bars["ts_ist"].str[:10].to_numpy()
minute = bars["ts_ist"].str[11:13].astype(int).to_numpy() * 60 + bars["ts_ist"].str[14:16].astype(int).to_numpy()
count = len(bars)
columns = {}


def put(request, **outputs):
    for name, values in outputs.items():
        columns[f"{request}/{name}"] = np.asarray(values, dtype=float)


def ta_lib():
    put("sma:20", sma=talib.SMA(c, 20))
    put("ema:9", ema=talib.EMA(c, 9))
    put("rma:14", rma=talib.RMA(c, 14))
    put("wma:9", wma=talib.WMA(c, 9))
    put("hma:16", hma=talib.HMA(c, 16))
    put("rsi:14", rsi=talib.RSI(c, 14))
    k, d = talib.STOCH(h, l, c, fastk_period=14, slowk_period=3, slowd_period=3)
    put("stochastic:14:3:3", stochastic_k=k, stochastic_d=d)
    line, signal, histogram = talib.MACD(c, 12, 26, 9)
    put("macd:12:26:9", macd=line, macd_signal=signal, macd_histogram=histogram)
    put("adx:14", adx=talib.ADX(h, l, c, 14), plus_di=talib.PLUS_DI(h, l, c, 14), minus_di=talib.MINUS_DI(h, l, c, 14))
    put("atr:14", atr=talib.ATR(h, l, c, 14))
    put("natr:14", natr=talib.NATR(h, l, c, 14))
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    put("bollinger:20:2", bollinger_middle=middle, bollinger_upper=upper, bollinger_lower=lower)
    # TA-Lib's own KC takes the mean of the typical price; the engine, as L. Raschke, that of the close.
    middle, width = talib.EMA(c, 20), 2 * talib.ATR(h, l, c, 10)
    put("keltner:20:2:10", keltner_middle=middle, keltner_upper=middle + width, keltner_lower=middle - width)
    upper, middle, lower = talib.KC(h, l, c, 20, 10, 2.0)
    assert np.nanmax(np.abs(talib.EMA((h + l + c) / 3, 20) - middle)) < 1e-8
    upper, middle, lower = talib.DONCHIAN(h, l, 20)
    put("donchian:20", donchian_upper=upper, donchian_lower=lower, donchian_middle=middle)
    line, trend = talib.SUPERTREND(h, l, c, 10, 3.0)
    put("supertrend:10:3", supertrend=line, supertrend_direction=trend)
    put("cci:20", cci=talib.CCI(h, l, c, 20))
    put("roc:12", roc=talib.ROC(c, 12))
    put("williams_r:14", williams_r=talib.WILLR(h, l, c, 14))
    put("obv", obv=talib.OBV(c, v) - v[0])  # TA-Lib starts with the first volume, the engine with 0
    put("mfi:14", mfi=talib.MFI(h, l, c, v, 14))
    put("parabolic_sar:0.02:0.2", parabolic_sar=talib.SAR(h, l, 0.02, 0.2))
    down, up = talib.AROON(h, l, 25)
    put("aroon:25", aroon_up=up, aroon_down=down, aroon_oscillator=talib.AROONOSC(h, l, 25))
    put("trix:15", trix=talib.TRIX(c, 15))
    put("std_dev:20", std_dev=talib.STDDEV(c, 20, 1))
    put("volume_average:20", volume_average=talib.SMA(v, 20))
    by_day = [talib.VWAP(h[day == d], l[day == d], c[day == d], v[day == d]) for d in DATES]
    put("vwap", vwap=np.concatenate(by_day))
    nothing = lambda n: np.full(n, np.nan)
    parts = []
    for d in DATES:
        today = (day == d) & (minute >= 10 * 60 + 30)
        parts += [nothing(((day == d) & ~today).sum()), talib.VWAP(h[today], l[today], c[today], v[today])]
    put("vwap_from_time:10:30", vwap_from_time=np.concatenate(parts))
    late = day >= "2024-01-03"
    put("vwap_from_date:2024:1:3",
        vwap_from_date=np.concatenate([nothing((~late).sum()), talib.VWAP(h[late], l[late], c[late], v[late])]))


def by_pandas():
    close, returns = pd.Series(c), np.log(pd.Series(c)).diff()
    put("realised_volatility:20:252", realised_volatility=100 * returns.rolling(20).std(ddof=1) * math.sqrt(252))
    z = (close - close.rolling(20).mean()) / close.rolling(20).std(ddof=0)
    put("z_score:20", z_score=z)
    park = pd.Series(np.log(h / l) ** 2 / (4 * math.log(2)))
    put("parkinson:20:252", parkinson=100 * np.sqrt(park.rolling(20).mean() * 252))
    garman = pd.Series(0.5 * np.log(h / l) ** 2 - (2 * math.log(2) - 1) * np.log(c / o) ** 2)
    put("garman_klass:20:252", garman_klass=100 * np.sqrt(garman.rolling(20).mean() * 252))
    today = bars.groupby(day)
    daily = today.agg({"high": "max", "low": "min", "close": "last"})
    before = daily.shift(1).loc[day]
    hi, lo, cl = (before[name].to_numpy() for name in ("high", "low", "close"))
    pivot, size = (hi + lo + cl) / 3, hi - lo
    put("pivots:0", pivot=pivot, pivot_r1=2 * pivot - lo, pivot_s1=2 * pivot - hi, pivot_r2=pivot + size,
        pivot_s2=pivot - size, pivot_r3=hi + 2 * (pivot - lo), pivot_s3=lo - 2 * (hi - pivot),
        pivot_r4=3 * pivot + hi - 3 * lo, pivot_s4=3 * pivot - (3 * hi - lo))
    put("pivots:1", pivot=pivot, pivot_r1=pivot + 0.382 * size, pivot_s1=pivot - 0.382 * size,
        pivot_r2=pivot + 0.618 * size, pivot_s2=pivot - 0.618 * size, pivot_r3=pivot + size, pivot_s3=pivot - size,
        pivot_r4=pivot + 1.618 * size, pivot_s4=pivot - 1.618 * size)
    put("pivots:2", pivot=pivot, **{f"pivot_r{i + 1}": cl + size * 1.1 / n for i, n in enumerate((12, 6, 4, 2))},
        **{f"pivot_s{i + 1}": cl - size * 1.1 / n for i, n in enumerate((12, 6, 4, 2))})
    first = bars[minute < 9 * 60 + 45].groupby(day[minute < 9 * 60 + 45]).agg({"high": "max", "low": "min"}).loc[day]
    top, bottom, done = first["high"].to_numpy(), first["low"].to_numpy(), minute >= 9 * 60 + 40
    state = np.where(c > top, 1.0, np.where(c < bottom, -1.0, 0.0))
    put("opening_range:30", opening_range_high=np.where(done, top, np.nan),
        opening_range_low=np.where(done, bottom, np.nan), opening_range_state=np.where(done, state, np.nan))


def swing_bars(n):
    """Bar numbers of swing highs and lows, by looking at whole windows: the last of equal extremes counts."""
    highs = [i for i in range(n, count - n) if h[i] == h[i - n:i + n + 1].max() and (h[i + 1:i + n + 1] < h[i]).all()]
    lows = [i for i in range(n, count - n) if l[i] == l[i - n:i + n + 1].min() and (l[i + 1:i + n + 1] > l[i]).all()]
    return highs, lows


def swings():
    n = 3
    highs, lows = swing_bars(n)
    out = {name: np.full(count, np.nan) for name in ("high", "low", "high_age", "low_age", "s", "sh", "sl", "vwap")}
    fib = np.full((count, 8), np.nan)
    turnover, leg = (h + l + c) / 3 * v, []
    for i in range(count):
        seen_high, seen_low = [b for b in highs if b + n <= i], [b for b in lows if b + n <= i]
        if seen_high:
            out["high"][i], out["high_age"][i] = h[seen_high[-1]], i - seen_high[-1]
        if seen_low:
            out["low"][i], out["low_age"][i] = l[seen_low[-1]], i - seen_low[-1]
        if len(seen_high) > 1:
            out["sh"][i] = np.sign(h[seen_high[-1]] - h[seen_high[-2]])
        if len(seen_low) > 1:
            out["sl"][i] = np.sign(l[seen_low[-1]] - l[seen_low[-2]])
        if len(seen_high) > 1 and len(seen_low) > 1:
            out["s"][i] = out["sh"][i] if out["sh"][i] == out["sl"][i] else 0
        if seen_high or seen_low:
            anchor = max(seen_high[-1:] + seen_low[-1:])
            out["vwap"][i] = turnover[anchor:i + 1].sum() / v[anchor:i + 1].sum()
        # The zigzag of all swings so far, from scratch: a list of (kind, price).
        points = []
        for b, sign in sorted([(b, 1) for b in seen_high] + [(b, -1) for b in seen_low], key=lambda x: (x[0], -x[1])):
            price = h[b] if sign > 0 else l[b]
            if points and points[-1][0] == sign:
                if sign * price > sign * points[-1][1]:
                    points[-1] = (sign, price)
            elif not points or sign * price > sign * points[-1][1]:
                points.append((sign, price))
        if len(points) > 1:
            begin, end = points[-2][1], points[-1][1]
            levels = [end + r * (begin - end) for r in (0.236, 0.382, 0.5, 0.618, 0.786)]
            fib[i] = [max(begin, end), min(begin, end), points[-1][0]] + levels
    put("swings:3", swing_high=out["high"], swing_low=out["low"], swing_high_age=out["high_age"],
        swing_low_age=out["low_age"])
    put("structure:3", structure=out["s"], structure_high=out["sh"], structure_low=out["sl"])
    put("vwap_from_swing:3", vwap_from_swing=out["vwap"])
    names = ["high", "low", "direction", "236", "382", "500", "618", "786"]
    put("fibonacci:3", **{f"fibonacci_{name}": fib[:, i] for i, name in enumerate(names)})
    # TA-Lib's FRACTAL marks the bar that confirms, and wants no equal extreme on either side.
    theirs = [set(np.flatnonzero(mark != 0) - n) for mark in talib.FRACTAL(h, l, n, n)]
    assert theirs[0] <= set(highs) and theirs[1] <= set(lows)
    print("swings:", len(highs), len(lows), "TA-Lib FRACTAL:", *map(len, theirs), file=sys.stderr)


def support_resistance(n=3, tolerance=0.001, min_touches=2):
    highs, lows = swing_bars(n)
    out, levels = np.full((count, 4), np.nan), []  # a level is the list of its swings
    for i in range(count):
        for price in ([h[i - n]] if i - n in highs else []) + ([l[i - n]] if i - n in lows else []):
            near = [(abs(np.mean(x) - price), j) for j, x in enumerate(levels) if abs(np.mean(x) - price) <= tolerance * np.mean(x)]
            levels[min(near)[1]].append(price) if near else levels.append([price])
        known = [(np.mean(x), len(x)) for x in levels if len(x) >= min_touches]
        below, above = [x for x in known if x[0] <= c[i]], [x for x in known if x[0] > c[i]]
        out[i] = (max(below) if below else (np.nan,) * 2) + (min(above) if above else (np.nan,) * 2)
    assert len(levels) <= 32
    put("support_resistance:3:0.1:2:500", support=out[:, 0], support_touches=out[:, 1], resistance=out[:, 2],
        resistance_touches=out[:, 3])


def volume_profile(bin_size=5.0, share=0.7):
    out = np.full((count, 3), np.nan)
    for i in range(count):
        first = np.flatnonzero(day == day[i])[0]
        bins = {}
        for j in range(first, i + 1):
            low, high = math.floor(l[j] / bin_size + 1e-9), math.floor(h[j] / bin_size + 1e-9)
            for b in range(low, high + 1):
                part = (min(h[j], (b + 1) * bin_size) - max(l[j], b * bin_size)) / (h[j] - l[j]) if h[j] > l[j] else 1.0
                bins[b] = bins.get(b, 0.0) + v[j] * (part if low < high else 1.0)
        top, bottom = max(bins), min(bins)
        centre = max(sorted(bins), key=lambda b: bins[b])
        up = down = centre
        inside = bins[centre]
        while inside < share * v[first:i + 1].sum() and (down > bottom or up < top):
            above = bins.get(up + 1, 0.0) if up < top else -1
            below = bins.get(down - 1, 0.0) if down > bottom else -1
            if above >= below:
                up += 1
                inside += above
            else:
                down -= 1
                inside += below
        out[i] = ((centre + 0.5) * bin_size, (up + 1) * bin_size, down * bin_size)
    put("volume_profile:100:0.05:70", point_of_control=out[:, 0], value_area_high=out[:, 1], value_area_low=out[:, 2])


ta_lib()
by_pandas()
swings()
support_resistance()
volume_profile()
bars.to_csv(FOLDER / "indicator_bars.csv", index=False, lineterminator="\n", float_format="%.2f")
with open(FOLDER / "indicator_vectors.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(columns)
    for i in range(count):
        out.writerow("" if math.isnan(x[i]) else f"{x[i]:.14g}" for x in columns.values())
