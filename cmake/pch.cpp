// Holds nothing: the precompiled header of cmake/pch.h is built with this file and used by all compiler libraries.
