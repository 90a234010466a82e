#include "core/model/shortcut.hpp"

#include <algorithm>

namespace lockstep {
namespace {

template <class T>
void copy(Index n, Index width, Rows<const T> from, Rows<T> to) {
  const Index columns = kernel::panel_count(width) * kPanel;
  for (Index r = 0; r < n; ++r) std::copy_n(from.row(r), columns, to.row(r));
}

}  // namespace

template <class T>
void Shortcut<T>::forward(Index n, Rows<const T> x, const T*, Rows<T> y, Rows<T>,
                          const TrainingRows*) const {
  copy(n, width_, x, y);
}

template <class T>
void Shortcut<T>::backward(Index n, const Forwarded<T>&, Rows<const T> dy, const T*,
                           Rows<T> dx) const {
  copy(n, width_, dy, dx);
}

template class Shortcut<float>;
template class Shortcut<double>;

}  // namespace lockstep
