"""From findings to the article's explanations: for, against and missing."""
