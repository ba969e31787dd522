#!/bin/sh
# * not a document
