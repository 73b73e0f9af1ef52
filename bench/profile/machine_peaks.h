#pragma once
// What this machine can do at most, measured: the roofline (Williams et al. 2009) that operations are held against.

namespace ft::bench {

/// On all threads together, in 10⁹ a second.
struct MachinePeaks {
    double float32_gops = 0;    ///< multiplications and additions of oneDNN's large float32 products
    double int8_gops = 0;       ///< the same of its products of 8-bit integers
    double bandwidth_gbps = 0;  ///< bytes read one after the other from memory, far more than the caches hold
};

/// Takes about a second.
MachinePeaks measure_peaks(int threads);

}  // namespace ft::bench
