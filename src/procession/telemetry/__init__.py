"""What the running system says about itself: metrics and logs."""
