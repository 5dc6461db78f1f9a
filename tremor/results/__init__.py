"""Records of what an analysis found, and the codec that writes and reads them."""
