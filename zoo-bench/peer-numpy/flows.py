"""Chaotic systems in NumPy, as one writes them there: the other side of zoo-bench/flows.

Answers lines "SYSTEM SIZE STEPS" with nanoseconds, and "values SYSTEM SIZE STEPS" with the last state from a fixed start.
"""
import sys
import time

import numpy


def kuramoto_sivashinsky(points):
    length, h = 22 * points / 64, 0.25
    k = 2 * numpy.pi * numpy.arange(points // 2 + 1) / length
    linear = k**2 - k**4
    circle = numpy.exp(1j * numpy.pi * (numpy.arange(16) + 0.5) / 16)
    z = h * linear[:, None] + circle
    exp = numpy.exp(z)

    def mean(values):
        return h * values.mean(axis=1).real

    q = mean((numpy.exp(z / 2) - 1) / z)
    f1 = mean((-4 - z + exp * (4 - 3 * z + z**2)) / z**3)
    f2 = 2 * mean((2 + z + exp * (z - 2)) / z**3)
    f3 = mean((-4 - 3 * z - z**2 + exp * (4 - z)) / z**3)
    whole, half = numpy.exp(h * linear), numpy.exp(h * linear / 2)
    slope = -0.5j * k
    slope[-1] = 0

    def nonlinear(v):
        return slope * numpy.fft.rfft(numpy.fft.irfft(v, points) ** 2)

    def step(v):
        nv = nonlinear(v)
        a = half * v + q * nv
        na = nonlinear(a)
        b = half * v + q * na
        nb = nonlinear(b)
        c = half * a + q * (2 * nb - nv)
        nc = nonlinear(c)
        return whole * v + f1 * nv + f2 * (na + nb) + f3 * nc

    x = numpy.arange(points) / points
    start = numpy.fft.rfft(numpy.cos(2 * numpy.pi * x) + 0.3 * numpy.sin(6 * numpy.pi * x))
    return step, start, lambda v: numpy.fft.irfft(v, points)


def lorenz96(size):
    h, forcing = 0.01, 8

    def field(x):
        return numpy.roll(x, 1) * (numpy.roll(x, -1) - numpy.roll(x, 2)) - x + forcing

    def step(x):
        k1 = field(x)
        k2 = field(x + h / 2 * k1)
        k3 = field(x + h / 2 * k2)
        k4 = field(x + h * k3)
        return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    return step, 8 + numpy.cos(numpy.arange(size)), lambda x: x


SYSTEMS = {"kuramoto_sivashinsky": kuramoto_sivashinsky, "lorenz96": lorenz96}


def main():
    print("ready NumPy", numpy.__version__, flush=True)
    for line in sys.stdin:
        words = line.split()
        values = words[0] == "values"
        system, size, steps = words[-3:]
        step, state, seen = SYSTEMS[system](int(size))
        began = time.perf_counter_ns()
        for _ in range(int(steps)):
            state = step(state)
        spent = time.perf_counter_ns() - began
        print(" ".join(map(repr, map(float, seen(state)))) if values else spent, flush=True)


main()
