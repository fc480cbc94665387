"""What does a tenant own, who acts for it, and on which ground do all checks stand?"""
