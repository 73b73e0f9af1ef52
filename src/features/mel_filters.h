#pragma once
// Slaney's mel filterbank: triangles of equal area whose corners are evenly spaced on a scale that is linear below
// 1 kHz and logarithmic above (Slaney 1998, "Auditory Toolbox").
#include <vector>

namespace ft {

/// One triangle, without the zeros around it.
struct MelFilter {
    int first_bin = 0;
    std::vector<double> weights;  ///< of the power in bins first_bin, first_bin + 1, …; may be empty
};

/// n_mels triangles from 0 to 8000 Hz over `bins` spectrum bins that span the same range.
std::vector<MelFilter> make_mel_filters(int n_mels, int bins);

}  // namespace ft
